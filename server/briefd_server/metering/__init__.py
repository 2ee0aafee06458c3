"""What calls cost: probes, the usage of a call, totals, and how the device is."""
