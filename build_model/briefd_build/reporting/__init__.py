"""Reports of runs and comparisons of bundles: one page, one Markdown text and one JSON document of the same content."""

from briefd_build.reporting.record import find_record, read_record, record_from_json, record_to_json
from briefd_build.reporting.run_report import write_reports

__all__ = ["find_record", "read_record", "record_from_json", "record_to_json", "write_reports"]
