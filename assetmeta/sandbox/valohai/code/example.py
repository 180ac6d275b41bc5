"""A valohai.yaml for repositories that nothing was pushed to: steps the sandbox can act out, a task and a pipeline."""

from __future__ import annotations

EXAMPLE = """\
- step:
    name: preprocess
    image: python:3.12
    command:
      - echo "cleaning {parameter-value:rows} rows"
      - 'echo ''{"rows": {parameter-value:rows}}'''
      - echo "id,label" > /valohai/outputs/train.csv
    parameters:
      - name: rows
        type: integer
        default: 1000

- step:
    name: train
    image: python:3.12
    command:
      - python train.py {parameters}
      - 'echo ''{"epoch": 1, "loss": 0.5}'''
      - 'echo ''{"epoch": 2, "loss": 0.25}'''
      - echo weights > /valohai/outputs/model.bin
    inputs:
      - name: dataset
        default: s3://sandbox-data/example/train.csv
    parameters:
      - name: learning_rate
        type: float
        default: 0.001
      - name: epochs
        type: integer
        default: 2

- step:
    name: fail
    image: python:3.12
    command:
      - echo "this will not go well" >&2
      - exit 1

- task:
    name: sweep
    step: train
    type: grid_search
    parameters:
      - name: learning_rate
        style: multiple
        rules:
          items: [0.1, 0.01, 0.001]

- pipeline:
    name: training
    parameters:
      - name: epochs
        default: 2
        targets:
          - train.parameters.epochs
    nodes:
      - name: preprocess
        type: execution
        step: preprocess
      - name: train
        type: execution
        step: train
    edges:
      - [preprocess.output.*.csv, train.input.dataset]

- endpoint:
    name: predict
    image: python:3.12
    server-command: python serve.py
    files:
      - name: model
        path: model.bin
"""
