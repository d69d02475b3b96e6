#!/usr/bin/env node
import { buildCommand } from "../dist/build/build.js";

process.exitCode = await buildCommand(process.argv.slice(2));
