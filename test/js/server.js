// Builds and starts a real server over an empty directory.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));

// startServer resolves to the server's URL and what ends it and removes its data. settings are further MUSTER_… variables.
export async function startServer(settings) {
    const dir = await mkdtemp(join(tmpdir(), 'muster-js-'));
    const program = join(dir, 'muster');
    await promisify(execFile)('go', ['build', '-o', program, './cmd/muster'], { cwd: root });
    const server = spawn(program, ['serve', '--listen', '127.0.0.1:0', '--data', join(dir, 'data')], {
        env: {
            ...process.env,
            MUSTER_METRICSSETTINGS_LISTENADDRESS: '',
            MUSTER_TEAMSETTINGS_ENABLEOPENSERVER: 'true',
            ...settings,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
    });
    let log = '';
    server.stderr.on('data', (part) => { log += part; });
    return {
        url: await listening(server, () => log),
        async stop() {
            const ended = once(server, 'exit');
            server.kill('SIGTERM');
            const [code] = await ended;
            await rm(dir, { recursive: true });
            if (code !== 0) {
                throw new Error(`the server ended with ${code}:\n${log}`);
            }
        },
    };
}

async function listening(server, log) {
    for await (const line of createInterface({ input: server.stdout })) {
        const said = /^listening on (http:\S+)$/.exec(line);
        if (said) {
            server.stdout.resume();
            return said[1];
        }
    }
    throw new Error(`the server did not start:\n${log()}`);
}
