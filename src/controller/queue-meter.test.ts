import { expect, test } from 'bun:test'
import { simPorts } from '../std/sim-ports.ts'
import { createQueueMeter } from './queue-meter.ts'
import { WorkQueue } from './work-queue.ts'

test('a queue tells what waits, what is in work, how long both took and what failed', async () => {
  const ports = simPorts()
  const queue = new WorkQueue(ports.clock, createQueueMeter(ports, 'q'))
  queue.add('a')
  queue.add('a')
  queue.add('b')
  await ports.clock.advance(2_000)
  expect(await queue.take()).toBe('a')
  await ports.clock.advance(500)
  const text = () => ports.metrics.text()
  expect(text()).toContain('workqueue_adds_total{name="q"} 2\n')
  expect(text()).toContain('workqueue_depth{name="q"} 1\n')
  expect(text()).toContain('workqueue_queue_duration_seconds_sum{name="q"} 2\n')
  expect(text()).toContain('workqueue_unfinished_work_seconds{name="q"} 0.5\n')
  queue.retry('a')
  queue.done('a')
  expect(text()).toContain('workqueue_work_duration_seconds_sum{name="q"} 0.5\n')
  expect(text()).toContain('workqueue_longest_running_processor_seconds{name="q"} 0\n')
  expect(text()).toContain('workqueue_retries_total{name="q"} 1\n')
  queue.close()
})
