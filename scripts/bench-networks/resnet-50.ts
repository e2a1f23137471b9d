/** ResNet-50 at 224x224: He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016, table 1. */
import { bottleneck, residualNetwork } from './resnet.js';

export const resnet50 = (): Uint8Array => residualNetwork('resnet-50', bottleneck, [3, 4, 6, 3]);
