#!/usr/bin/env node
import { buildCommand } from "./build/command.ts";

process.exitCode = await buildCommand(process.argv.slice(2));
