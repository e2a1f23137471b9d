/** The networks of the bench: topologies of the papers named in their files, weights from seeds. */
import { cnvW1a1 } from './cnv-w1a1.js';
import { dsCnn } from './ds-cnn.js';
import { mobilenetV1 } from './mobilenet-v1.js';
import { mobilenetV2 } from './mobilenet-v2.js';
import { resnet8 } from './resnet-8.js';
import { resnet18 } from './resnet-18.js';
import { resnet50 } from './resnet-50.js';
import { tfcW1a1 } from './tfc-w1a1.js';
import { vgg16 } from './vgg-16.js';
import { visualWakeWords } from './visual-wake-words.js';
import { yolov3Tiny } from './yolov3-tiny.js';

export interface BenchNetwork {
  readonly name: string;
  readonly citation: string;
  readonly inputShape: readonly number[];
  /** Values that the input is made for, lowest and highest. */
  readonly range: readonly [number, number];
  /** Multiplications of one image, padded taps included. */
  readonly macs: number;
  /** Of the convolutions and fully connected layers, biases left out. */
  readonly weights: number;
  /** Trained values: weights, biases, scales and offsets, but not the statistics of a batch norm. */
  readonly parameters: number;
  /** Bytes of the ONNX file, the same each time. */
  readonly write: () => Uint8Array;
}

const IMAGENET = { inputShape: [1, 3, 224, 224], range: [0, 1] } as const;
const CIFAR = { inputShape: [1, 3, 32, 32], range: [0, 1] } as const;
const RESNET = 'He, Zhang, Ren and Sun, CVPR 2016';
const TINY = 'Banbury and others, MLPerf Tiny, NeurIPS 2021';
const FINN = 'Umuroglu and others, FINN, FPGA 2017';

export const BENCH_NETWORKS: readonly BenchNetwork[] = [
  {
    ...{ name: 'resnet-18', citation: RESNET, ...IMAGENET, write: resnet18 },
    ...{ macs: 1_814_073_344, weights: 11_678_912, parameters: 11_689_512 },
  },
  {
    ...{ name: 'resnet-50', citation: RESNET, ...IMAGENET, write: resnet50 },
    ...{ macs: 4_089_184_256, weights: 25_502_912, parameters: 25_557_032 },
  },
  {
    ...{ name: 'yolov3-tiny', citation: 'Redmon and Farhadi, arXiv:1804.02767; darknet', write: yolov3Tiny },
    ...{ inputShape: [1, 3, 416, 416], range: [0, 1] },
    ...{ macs: 2_782_480_896, weights: 8_845_488, parameters: 8_852_366 },
  },
  {
    ...{ name: 'vgg-16', citation: 'Simonyan and Zisserman, ICLR 2015', ...IMAGENET, write: vgg16 },
    ...{ macs: 15_470_264_320, weights: 138_344_128, parameters: 138_357_544 },
  },
  {
    ...{ name: 'mobilenet-v1', citation: 'Howard and others, arXiv:1704.04861', ...IMAGENET, write: mobilenetV1 },
    ...{ macs: 568_740_352, weights: 4_209_088, parameters: 4_231_976 },
  },
  {
    ...{ name: 'mobilenet-v2', citation: 'Sandler and others, CVPR 2018', ...IMAGENET, write: mobilenetV2 },
    ...{ macs: 300_774_272, weights: 3_469_760, parameters: 3_504_872 },
  },
  {
    ...{ name: 'visual-wake-words', citation: TINY, inputShape: [1, 3, 96, 96], range: [0, 1], write: visualWakeWords },
    ...{ macs: 7_489_664, weights: 208_112, parameters: 216_322 },
  },
  {
    ...{ name: 'resnet-8', citation: TINY, ...CIFAR, write: resnet8 },
    ...{ macs: 12_501_632, weights: 77_360, parameters: 78_186 },
  },
  {
    ...{ name: 'ds-cnn', citation: TINY, inputShape: [1, 1, 49, 10], range: [-1, 1], write: dsCnn },
    ...{ macs: 2_656_768, weights: 22_016, parameters: 23_756 },
  },
  {
    ...{ name: 'cnv-w1a1', citation: FINN, ...CIFAR, write: cnvW1a1 },
    ...{ macs: 59_461_376, weights: 1_542_848, parameters: 1_546_690 },
  },
  {
    ...{ name: 'tfc-w1a1', citation: FINN, inputShape: [1, 1, 28, 28], range: [0, 1], write: tfcW1a1 },
    ...{ macs: 59_008, weights: 59_008, parameters: 59_394 },
  },
];

/** Bytes of the ONNX file of one of BENCH_NETWORKS. @throws Error for a name that is none of theirs */
export function benchNetwork(name: string): Uint8Array {
  const network = BENCH_NETWORKS.find((one) => one.name === name);
  if (network === undefined) {
    throw new Error(`no network ${name}; there are ${BENCH_NETWORKS.map((one) => one.name).join(', ')}`);
  }
  return network.write();
}
