# Sourced: how JavaScriptCore runs the program, unless the environment says otherwise.

# With 50,000 objects the heap stays a quarter smaller when it grows as on a machine of this size; a small one is the same.
export BUN_JSC_forceRAMSize="${BUN_JSC_forceRAMSize:-536870912}"
# The engine's last compiler waits until a function was called tens of thousands of times: of a burst of work it would
# take a quarter of the time for code that hardly runs again.
export BUN_JSC_thresholdForFTLOptimizeAfterWarmUp="${BUN_JSC_thresholdForFTLOptimizeAfterWarmUp:-1000000}"
