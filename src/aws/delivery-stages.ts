/** The functions of a replicate through a delivery stream, in the order in which a change passes them. */
export const deliveryStages = ['forward', 'transform', 'load'] as const;

export type DeliveryStage = (typeof deliveryStages)[number];

/** What the logical names of a stage begin with: `ForwardStepHits`. `placeholder`: of the step. No step has such a name. */
export function stageLogical(stage: DeliveryStage, placeholder: string): string {
  return `${stage.charAt(0).toUpperCase()}${stage.slice(1)}${placeholder}`;
}

/** The end of its function's name: `forward-hits`. */
export function stageName(stage: DeliveryStage, step: string): string {
  return `${stage}-${step}`;
}
