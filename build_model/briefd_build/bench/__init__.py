"""Our engine and the engines people use, side by side: the same weights, the same prompt, the same tokens to write.

Every contender (see `contender`) runs in a process of its own (`child`), so that threads, memory and libraries do not
disturb each other; they take turns (`turns`), so that a noisy machine is noisy for all of them alike.

Beside it the engines that run ONNX graphs, on one bundle's graphs (`engines` and what is named after it).
"""
