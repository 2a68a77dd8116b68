#!/usr/bin/env node
// What `npm run demo`, `npm test` and their sisters call, on a machine with nothing but git, npm and a Node of 20 or later: brings the
// dependencies, a Node that runs our TypeScript, and the systems a task needs; then runs the task. Plain JavaScript: nothing is installed yet.

import { installDependencies } from './bootstrap/dependencies.js'
import { fail } from './bootstrap/fail.js'
import { findNode } from './bootstrap/node.js'
import { runTask } from './bootstrap/run-task.js'
import { provideSystems } from './bootstrap/systems.js'
import { TASKS } from './bootstrap/tasks.js'

const [name = '', ...rest] = process.argv.slice(2)
const task = TASKS[name]
if (task === undefined) fail(`there is no task ${JSON.stringify(name)}: ${Object.keys(TASKS).join(', ')}`)
if (Number(process.versions.node.split('.')[0]) < 20) {
  fail(`Node 20 or later is needed to begin with; this is ${process.versions.node}.`)
}

installDependencies()
const node = findNode()
provideSystems(task)
await runTask(node, [...task.argv, ...rest])
