// The page of `drydock sim view` and the worker in it: each one script without imports, put into one HTML file by the command.
export const view = ['page', 'worker'].map((name) => ({
  input: `sim/view/${name}.ts`,
  output: { file: `dist/view/${name}.js`, format: 'iife', minify: true },
}));

export default view;
