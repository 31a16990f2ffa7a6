import { tarOf } from './tar.ts'

/**
 * The pause program: ignores SIGCHLD, so that the kernel reaps what a shared process namespace leaves behind, and
 * sleeps for ever. It is small enough to be written by hand, and a machine without network and compiler has it too.
 */
const programs: Readonly<Record<string, { readonly machine: number; readonly code: readonly number[] }>> = {
  amd64: {
    machine: 62,
    code: [
      ...[0xb8, 13, 0, 0, 0], //              mov eax, 13           rt_sigaction
      ...[0xbf, 17, 0, 0, 0], //              mov edi, 17           SIGCHLD
      ...[0x48, 0x8d, 0x35, 23, 0, 0, 0], //  lea rsi, [rip + 23]   the action, below
      ...[0x31, 0xd2], //                     xor edx, edx
      ...[0x41, 0xba, 8, 0, 0, 0], //         mov r10d, 8
      ...[0x0f, 0x05], //                     syscall
      ...[0xb8, 34, 0, 0, 0], //        loop: mov eax, 34           pause
      ...[0x0f, 0x05], //                     syscall
      ...[0xeb, 0xf7], //                     jmp loop
      ...[0, 0, 0, 0],
    ],
  },
  arm64: {
    machine: 183,
    code: words([
      movz(8, 134), //  rt_sigaction
      movz(0, 17), //   SIGCHLD
      0x10000181, //    adr x1, +48           the action, below
      movz(2, 0),
      movz(3, 8),
      0xd4000001, //    svc 0
      movz(8, 73), //   loop: ppoll
      movz(0, 0),
      movz(1, 0),
      movz(2, 0),
      movz(3, 0),
      0xd4000001,
      0x17fffffa, //    b loop
      0,
    ]),
  },
}

/** struct sigaction: handler SIG_IGN (1), no flags, no restorer, empty mask. */
const ignoreAction = [1, ...new Array<number>(31).fill(0)]

/** A root file system with `/pause` for one architecture (Go's name), as a tar. */
export function pauseTar(architecture: string): Uint8Array {
  const program = programs[architecture]
  if (!program) throw new Error(`there is no pause program for the architecture ${architecture}`)
  return tarOf([
    { path: 'pause', mode: 0o755, data: elf(program.machine, [...program.code, ...ignoreAction]) },
  ])
}

const loadAddress = 0x400000
const headersBytes = 64 + 56

/** A static 64-bit ELF file: both headers, then the code, all in one readable and executable segment. */
function elf(machine: number, code: readonly number[]): Uint8Array {
  const file = Buffer.alloc(headersBytes + code.length)
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0])
  file.writeUInt16LE(2, 16)
  file.writeUInt16LE(machine, 18)
  file.writeUInt32LE(1, 20)
  file.writeBigUInt64LE(BigInt(loadAddress + headersBytes), 24)
  file.writeBigUInt64LE(64n, 32)
  file.writeUInt16LE(64, 52)
  file.writeUInt16LE(56, 54)
  file.writeUInt16LE(1, 56)
  file.writeUInt32LE(1, 64)
  file.writeUInt32LE(5, 68)
  file.writeBigUInt64LE(BigInt(loadAddress), 80)
  file.writeBigUInt64LE(BigInt(loadAddress), 88)
  file.writeBigUInt64LE(BigInt(file.length), 96)
  file.writeBigUInt64LE(BigInt(file.length), 104)
  file.writeBigUInt64LE(0x1000n, 112)
  file.set(code, headersBytes)
  return file
}

function movz(register: number, value: number): number {
  return (0xd2800000 | (value << 5) | register) >>> 0
}

function words(list: readonly number[]): number[] {
  return list.flatMap(word => [word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24])
}
