import type { CloudFormation } from './cloud-formation.js';

/** The template that the stack has, as it was given. */
export async function deployedTemplate(cloudFormation: CloudFormation, id: string): Promise<string> {
  const { TemplateBody: text = '' } = await cloudFormation.call('GetTemplate', (sdk, client, options) =>
    client.send(new sdk.GetTemplateCommand({ StackName: id, TemplateStage: 'Original' }), options),
  );
  return text;
}
