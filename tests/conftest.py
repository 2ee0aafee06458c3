"""What every test of the project shares."""

from hypothesis import settings

# A busy or small machine must not fail a property for being slow, and a failure must be the same for everybody.
settings.register_profile("briefd", deadline=None, derandomize=True)
settings.load_profile("briefd")
