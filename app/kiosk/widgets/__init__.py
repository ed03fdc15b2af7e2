"""The parts that screens are put together from; each makes a node, or what stands on one."""
