/** ResNet-18 at 224x224: He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016, table 1. */
import { basicBlock, residualNetwork } from './resnet.js';

export const resnet18 = (): Uint8Array => residualNetwork('resnet-18', basicBlock, [2, 2, 2, 2]);
