/** dockerode's types describe its entry point only; these are the two files of it that are loaded. */
declare module 'dockerode/lib/container.js' {
  const Container: new (modem: object, id: string) => unknown
  export = Container
}
declare module 'dockerode/lib/exec.js' {
  const Exec: new (modem: object, id: string) => unknown
  export = Exec
}
