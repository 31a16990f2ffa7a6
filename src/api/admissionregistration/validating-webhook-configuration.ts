import { defineResource } from '../define-resource.ts'
import type { ValidatingWebhookConfiguration } from '../types/admissionregistration-v1.gen.ts'
import { setWebhookDefaults } from './webhook-defaults.ts'
import { validateWebhooks } from './webhook-validation.ts'

export const validatingWebhookConfigurations = defineResource<ValidatingWebhookConfiguration>(
  'admissionregistration.k8s.io/v1',
  'ValidatingWebhookConfiguration',
  {
    strategy: {
      standardFinalizers: false,
      setDefaults({ webhooks }) {
        for (const webhook of webhooks ?? []) {
          setWebhookDefaults(webhook)
        }
      },
      validate: ({ webhooks }, errors) => validateWebhooks(webhooks, errors),
      hasGeneration: true,
      countsEmpties: true,
      allowUnconditionalUpdate: false,
    },
    cells: { Webhooks: ({ webhooks }) => webhooks?.length ?? 0 },
  },
)
