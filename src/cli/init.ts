import { join, relative, resolve } from 'node:path';

import type { Command } from 'commander';

import { keepPlan, loadOrPlan, prepareCertificates, type PlanOptions } from './cluster-files.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { kubeconfig } from './kubeconfig.ts';
import { addPlanOptions } from './plan-options.ts';

/** `drydock init`: everything that `drydock up` writes before it starts a process, and no process. */
export function addInitCommand(program: Command): void {
  addPlanOptions(
    program
      .command('init')
      .description('write the plan, certificates and configuration of a cluster, and start nothing'),
  )
    .addHelpText(
      'after',
      `
Then start each process by hand, in a terminal of its own:
  drydock init --data-dir lab --servers 3 --agents 2
  drydock server --data-dir lab/server-1      and server-2, server-3
  drydock agent --data-dir lab/agent-1        and agent-2
  drydock status --data-dir lab

\`drydock up\` with the same flags takes the cluster over. Running it again adds what is missing and changes nothing
else. Everything listens on 127.0.0.1: servers and agents on other hosts are not supported yet.`,
    )
    .action(async (options: PlanOptions & { readonly dataDir: string }) => {
      const dataDirectory = resolve(options.dataDir);
      const plan = loadOrPlan(dataDirectory, options);
      keepPlan(dataDirectory, plan);
      const admin = await prepareCertificates(dataDirectory, plan);
      const kubeconfigPath = join(dataDirectory, 'kubeconfig');
      writeFileAtomically(kubeconfigPath, kubeconfig(plan.servers, admin));
      const shown = (name: string): string => relative(process.cwd(), join(dataDirectory, name));
      const lines = [
        ...plan.servers.map(({ name }) => `drydock server --data-dir ${shown(name)}`),
        ...plan.agents.map(({ nodeName }) => `drydock agent --data-dir ${shown(nodeName)}`),
      ];
      process.stdout.write(`${lines.join('\n')}\n`);
    });
}
