"""Settings of the daemon: parsed and checked once, at the edge."""

from briefd_server.config.loading import flag_name, load_config, variable_name
from briefd_server.config.settings import SETTINGS, Config, Setting

__all__ = ["SETTINGS", "Config", "Setting", "flag_name", "load_config", "variable_name"]
