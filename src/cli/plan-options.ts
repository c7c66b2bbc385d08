import type { Command } from 'commander';

/** The flags that shape a cluster, the same for `drydock up` and `drydock init`. */
export function addPlanOptions(command: Command): Command {
  return command
    .option('--data-dir <dir>', 'where everything is kept; a second start on it resumes', '.drydock')
    .option('--servers <n>', 'control-plane processes: 1, 3 or 5', '3')
    .option('--agents <n>', 'worker processes: 1 to 16', '2')
    .option(
      '--base-port <port>',
      'first of the ports on 127.0.0.1: APIs here, peers at +10, kubelets at +20',
      '16440',
    )
    .option(
      '--loopback-block <n>',
      'first of the 32 blocks 127.N.0.0/16 that Services and pods get their addresses from',
      '96',
    );
}
