import { version } from '../../package.json'

/** From package.json. */
export const hutchVersion: string = version

/** The Kubernetes release whose API and behaviour this is. */
export const kubernetesVersion = 'v1.35.4'
