#!/bin/sh
# The product on a cloud of its own on this machine: no AWS account, no root, nothing left behind.
set -eu
PATH="$(cd "$1" && pwd):$PATH"
MLFLOW_OPS_HOME="$(mktemp -d)"
export PATH MLFLOW_OPS_HOME
trap 'mlflow-ops down --sandbox --yes >/dev/null 2>&1 || true; rm -rf "$MLFLOW_OPS_HOME"' EXIT

show() {
    printf '\n$ %s\n' "$*"
    "$@"
}

train() {
    show mlflow-ops train --sandbox --alpha 0.6 2>"$MLFLOW_OPS_HOME/said" && return
    cat "$MLFLOW_OPS_HOME/said"
    grep -q "Unable to download" "$MLFLOW_OPS_HOME/said" || exit 1
    printf '\nThe data set could not be downloaded: training on generated data instead.\n'
    show mlflow-ops train --sandbox --alpha 0.6 --data sample
}

show mlflow-ops up --sandbox --yes
train
show mlflow-ops status --sandbox

printf '\nThe objects that the run left in the bucket:\n'
AWS_SHARED_CREDENTIALS_FILE="$MLFLOW_OPS_HOME/sandbox/mlflow/aws/credentials" \
AWS_CONFIG_FILE="$MLFLOW_OPS_HOME/sandbox/mlflow/aws/config" \
AWS_PROFILE=mlflow-ops-mlflow-us-east-1 \
python - <<'PYTHON'
import boto3

s3 = boto3.client("s3")
for bucket in s3.list_buckets()["Buckets"]:
    for found in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
        print(f"  {found['Size']:>8}  s3://{bucket['Name']}/{found['Key']}")
PYTHON

show mlflow-ops backup --sandbox before-the-end
show mlflow-ops down --sandbox --keep-data --yes
show mlflow-ops up --sandbox --yes
show mlflow-ops backups --sandbox
show mlflow-ops down --sandbox --yes
