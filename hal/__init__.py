"""The hardware abstraction: one abstract class a device, a Linux back end and a simulated one for each.

Code above the HAL sees the abstract classes and the frozen types beside them; `hal.devices.open_devices` builds
what a board file names. All devices belong to the thread of the asyncio loop they were started on.
"""
