"""The contract's own habits: a comment on every element, and zero enum values that say nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_tools import protoc

import briefd.v1

ROOT = Path(briefd.v1.__file__).parents[2]
NAME = "briefd/v1/briefd.proto"


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> FileDescriptorProto:
    """The .proto with its comments, which no generated code holds."""
    path = tmp_path_factory.mktemp("contract") / "set"
    well_known = Path(protoc.__file__).parent / "_proto"
    options = (f"-I{ROOT}", f"-I{well_known}", "--include_source_info", f"--descriptor_set_out={path}")
    assert protoc.main(("protoc", *options, NAME)) == 0
    (file,) = FileDescriptorSet.FromString(path.read_bytes()).file
    return file


def elements(file: FileDescriptorProto) -> dict[tuple[int, ...], str]:
    """Name every element by its path in the descriptor, as `SourceCodeInfo` has it."""
    named = {}
    kinds = ((4, file.message_type, 2, "field"), (5, file.enum_type, 2, "value"), (6, file.service, 2, "method"))
    for kind, parents, member_kind, members in kinds:
        for number, parent in enumerate(parents):
            named[kind, number] = parent.name
            for member_number, member in enumerate(getattr(parent, members)):
                named[kind, number, member_kind, member_number] = f"{parent.name}.{member.name}"
    return named


def test_every_element_has_a_comment(contract: FileDescriptorProto) -> None:
    commented = {
        tuple(location.path) for location in contract.source_code_info.location if location.leading_comments.strip()
    }
    named = elements(contract)
    assert len(named) > 100
    assert [name for path, name in named.items() if path not in commented] == []


def test_zero_says_nothing_in_every_enum(contract: FileDescriptorProto) -> None:
    for enum in contract.enum_type:
        prefix = re.sub(r"(?<!^)(?=[A-Z])", "_", enum.name).upper()
        assert enum.value[0].name == f"{prefix}_UNSPECIFIED"
        assert enum.value[0].number == 0
        assert all(value.name.startswith(f"{prefix}_") for value in enum.value)
