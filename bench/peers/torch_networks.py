"""The two published networks in PyTorch."""
from torch import nn

from contestant import FILTERS

SHAPES = {"encoder": (1, 64, 64), "phase": (3, 50, 50)}


def encoder():
    layers, channels = [], 1
    for number, filters in enumerate(FILTERS):
        if number:
            layers.append(nn.MaxPool2d(2))
        layers += [nn.Conv2d(channels, filters, 3, padding=1, bias=False), nn.BatchNorm2d(filters), nn.SiLU()]
        channels = filters
    head = [nn.Flatten(), nn.Linear(128 * 4 * 4, 256), nn.ReLU(), nn.Dropout(0.2), nn.Linear(256, 5)]
    return nn.Sequential(*layers, *head)


def phase():
    layers, channels = [], 3
    for pair in ((32, 32), (64, 128)):
        for filters in pair:
            layers += [nn.Conv2d(channels, filters, 3), nn.ReLU()]
            channels = filters
        layers += [nn.MaxPool2d(2), nn.Dropout(0.5)]
    head = [nn.Flatten(), nn.Linear(128 * 9 * 9, 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 2)]
    return nn.Sequential(*layers, *head)


NETWORKS = {"encoder": encoder, "phase": phase}
