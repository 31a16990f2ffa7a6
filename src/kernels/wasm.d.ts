/** `import path from 'x.wasm' with { type: 'file' }`: the path of the module, also inside a compiled binary. */
declare module '*.wasm' {
  const path: string
  // biome-ignore lint/style/noDefaultExport: the shape of a file import is Bun's
  export default path
}
