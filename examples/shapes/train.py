"""Trains the example's network and writes shapes.onnx.

    node make-data.mjs training data/training.npz       (likewise validation)
    python3 train.py data shapes.onnx

PyTorch on one CPU thread, fixed seed; about eight minutes. One float network is wanted that
also stands post-training quantization of its middle layers to 3 bits and to one bit. So every step runs with
float, 3-bit or bipolar weights, drawn at random (the gradient passes straight through), first with
batch norm, then with batch norm folded, where all three share one set of biases.
"""
import argparse
import time

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper

# name, input channels, output channels, quantized when the middle layers are
CONVS = [
    ("conv1", 3, 16, False),
    ("conv2", 16, 16, True),
    ("conv3", 16, 16, True),
    ("conv4", 16, 48, True),
    ("conv5", 48, 48, True),
    ("conv6", 48, 48, True),
    ("conv7", 48, 64, True),
]
CLASSES = 10
MODES = ("float", "3-bit", "binary")


def three_bits(w):
    """Codes -4..3; per output channel the scale of the least squared error among a few."""
    flat = w.flatten(1)
    peak = flat.abs().amax(1, keepdim=True)
    best, error = flat, torch.full_like(peak, torch.inf)
    for share in torch.arange(3, 15) / 14:
        scale = peak * share / 3.5 + 1e-12
        q = (flat / scale).round().clamp(-4, 3) * scale
        e = (q - flat).square().sum(1, keepdim=True)
        best, error = torch.where(e < error, q, best), torch.minimum(e, error)
    return best.view_as(w)


def bipolar(w):
    """Minus or plus the mean size of the channel's weights: the least squared error."""
    scale = w.abs().mean(dim=(1, 2, 3), keepdim=True)
    return torch.where(w >= 0, scale, -scale)


class Layer(torch.nn.Module):
    """3x3 convolution, batch norm until it is folded, and the bias correction of the quantizer."""

    def __init__(self, inputs, outputs, quantized):
        super().__init__()
        self.w = torch.nn.Parameter(torch.randn(outputs, inputs, 3, 3) * (2 / (9 * inputs)) ** 0.5)
        self.b = torch.nn.Parameter(torch.zeros(outputs))
        self.norm = torch.nn.BatchNorm2d(outputs)
        self.quantized = quantized

    def forward(self, x, mode):
        w, b = self.w, self.b
        if self.quantized and mode != "float":
            q = three_bits(w.detach()) if mode == "3-bit" else bipolar(w.detach())
            w = w + (q - w).detach()
            if self.norm is None:
                mean = x.detach().mean(dim=(0, 2, 3))
                b = b - ((q - self.w.detach()).sum(dim=(2, 3)) @ mean)
        y = F.conv2d(x, w, b, padding=1)
        if self.norm is None:
            return y
        if mode == "float":
            return self.norm(y)
        return F.batch_norm(y, None, None, self.norm.weight, self.norm.bias, training=True)

    @torch.no_grad()
    def fold(self):
        gain = self.norm.weight / (self.norm.running_var + self.norm.eps).sqrt()
        self.w.mul_(gain.view(-1, 1, 1, 1))
        self.b.copy_((self.b - self.norm.running_mean) * gain + self.norm.bias)
        self.norm = None


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = torch.nn.ModuleList(Layer(i, o, q) for _, i, o, q in CONVS)
        self.dense = torch.nn.Linear(CONVS[-1][2], CLASSES)

    def forward(self, x, mode="float"):
        c = self.convs
        x = F.max_pool2d(c[0](x, mode).relu(), 2)
        x = (x + c[2](c[1](x, mode).relu(), mode)).relu()
        x = F.max_pool2d(c[3](x, mode).relu(), 2)
        x = (x + c[5](c[4](x, mode).relu(), mode)).relu()
        x = c[6](x, mode).relu()
        return self.dense(x.mean(dim=(2, 3)))

    def fold(self):
        for conv in self.convs:
            conv.fold()


def turned(x, random):
    """A random turn or mirror image, order of the colours, and negative, one for the whole batch."""
    x = torch.rot90(x, int(random.integers(4)), (2, 3))
    if random.integers(2):
        x = x.flip(3)
    x = x[:, torch.from_numpy(random.permutation(3))]
    if random.integers(4) == 0:
        x = 1 - x
    return x.contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def accuracy(net, data, mode):
    net.eval()
    right = sum(int((net(x, mode).argmax(1) == y).sum()) for x, y in batches(data, 250))
    net.train()
    return right / len(data[1])


def batches(data, size, order=None):
    images, labels = data
    order = np.arange(len(labels)) if order is None else order
    for i in range(0, len(order) - size + 1, size):
        at = order[i : i + size]
        yield torch.from_numpy(images[at].astype(np.float32) / 255), torch.from_numpy(labels[at])


def train(net, train_data, check_data, epochs, peak_rate, shares, random):
    groups = [{"params": [p for p in net.parameters() if p.dim() > 1], "weight_decay": 1e-4},
              {"params": [p for p in net.parameters() if p.dim() == 1], "weight_decay": 0}]
    optimizer = torch.optim.AdamW(groups, lr=peak_rate)
    steps = epochs * (len(train_data[1]) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, peak_rate, total_steps=steps, pct_start=0.15)
    for epoch in range(epochs):
        start, total = time.time(), 0.0
        for x, y in batches(train_data, BATCH, random.permutation(len(train_data[1]))):
            mode = str(random.choice(MODES, p=shares))
            loss = F.cross_entropy(net(turned(x, random), mode), y, label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += float(loss.detach())
        line = ", ".join(f"{mode} {100 * accuracy(net, check_data, mode):.1f} %" for mode in MODES)
        print(f"epoch {epoch + 1}/{epochs}: loss {total / (len(train_data[1]) // BATCH):.3f}, {line}, "
              f"{time.time() - start:.0f} s", flush=True)


BATCH = 100


def export(net, path):
    """Input: raw bytes 0-255 as float32, so 1/255 goes into the first layer's weights."""
    nodes, weights = [], []

    def constant(name, value):
        weights.append(numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name))
        return name

    def node(kind, inputs, output, **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def conv(i, x):
        name, layer = CONVS[i][0], net.convs[i]
        w = layer.w.detach().numpy() / (255 if i == 0 else 1)
        return node("Conv", [x, constant(f"{name}.weight", w), constant(f"{name}.bias", layer.b.detach().numpy())],
                    name, kernel_shape=[3, 3], pads=[1, 1, 1, 1])

    def pool(name, x):
        return node("MaxPool", [x], name, kernel_shape=[2, 2], strides=[2, 2])

    relu = lambda x: node("Relu", [x], f"{x}.relu")
    x = pool("pool1", relu(conv(0, "image")))
    x = relu(node("Add", [x, conv(2, relu(conv(1, x)))], "add1"))
    x = pool("pool2", relu(conv(3, x)))
    x = relu(node("Add", [x, conv(5, relu(conv(4, x)))], "add2"))
    x = node("GlobalAveragePool", [relu(conv(6, x))], "mean")
    x = node("Flatten", [x], "flat")
    dense = net.dense
    node("Gemm", [x, constant("dense.weight", dense.weight.detach().numpy()),
                  constant("dense.bias", dense.bias.detach().numpy())], "scores", transB=1)
    graph = helper.make_graph(
        nodes, "shapes",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 32, 32])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, CLASSES])], weights)
    model = helper.make_model(graph, producer_name="systole examples/shapes/train.py",
                              opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", help="folder with training.npz and validation.npz")
    parser.add_argument("output", help="ONNX file to write")
    parser.add_argument("--epochs", type=int, nargs=3, default=(5, 14, 18),
                        help="float; all three kinds of weights with batch norm; the same with batch norm folded")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    random = np.random.default_rng(options.seed)
    load = lambda name: (lambda f: (f["inputs"], f["labels"]))(np.load(f"{options.data}/{name}.npz"))
    training, validation = load("training"), load("validation")
    net = Net().to(memory_format=torch.channels_last)
    mixed = (0.4, 0.2, 0.4)
    train(net, training, validation, options.epochs[0], 4e-3, (1, 0, 0), random)
    train(net, training, validation, options.epochs[1], 3e-3, mixed, random)
    net.fold()
    train(net, training, validation, options.epochs[2], 1.2e-3, mixed, random)
    export(net, options.output)


if __name__ == "__main__":
    main()
