import { simPorts } from '../../../std/sim-ports.ts'
import { runRuntimeSuite } from '../suite.testing.ts'
import { createSimulatedRuntime } from './simulated.ts'

const ports = simPorts()
const runtime = createSimulatedRuntime({ ports })

runRuntimeSuite('simulated', {
  runtime: () => runtime,
  image: 'hutch.local/busybox:1',
  pauseImage: 'hutch.local/pause:1',
  logDir: () => '/nonexistent',
  wait: () => ports.clock.advance(10),
})
