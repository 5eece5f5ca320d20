#!/bin/sh
# The product on a cloud of its own on this machine: no AWS account, no root, nothing left behind.
set -eu
PATH="$(cd "$1" && pwd):$PATH"
MLFLOW_OPS_HOME="$(mktemp -d)"
export PATH MLFLOW_OPS_HOME
end() {
    for cloud in --sandbox --local; do mlflow-ops down $cloud --yes >/dev/null 2>&1 || true; done
    rm -rf "$MLFLOW_OPS_HOME"
}
trap end EXIT

show() {
    printf '\n$ %s\n' "$*"
    "$@"
}

# Shows how the output begins.
begin() {
    lines=$1
    shift
    printf '\n$ %s\n' "$*"
    "$@" >"$MLFLOW_OPS_HOME/printed"
    head -n "$lines" "$MLFLOW_OPS_HOME/printed"
    printf '…\n'
}

train() {
    show mlflow-ops train --sandbox --alpha 0.6 2>"$MLFLOW_OPS_HOME/said" && return
    cat "$MLFLOW_OPS_HOME/said"
    grep -q "Unable to download" "$MLFLOW_OPS_HOME/said" || exit 1
    printf '\nThe data set could not be downloaded: training on generated data instead.\n'
    data="--data sample"
    show mlflow-ops train --sandbox --alpha 0.6 $data
}

data=""
show mlflow-ops doctor --sandbox
begin 20 mlflow-ops up --sandbox --ttl 8h --dry-run
show mlflow-ops up --sandbox --ttl 8h --yes
train
show mlflow-ops train --sandbox --alpha 0.1 --alpha 0.5 --l1-ratio 0.2 --l1-ratio 0.8 $data
show mlflow-ops runs --sandbox --sort rmse
show mlflow-ops models --sandbox
show mlflow-ops status --sandbox
show mlflow-ops cost --sandbox
show mlflow-ops extend --sandbox 4h
show mlflow-ops list --sandbox
show mlflow-ops exec --sandbox -- ls mlflow
show mlflow-ops cp --sandbox demo.sh :
show mlflow-ops exec --sandbox -- ls -l demo.sh
show mlflow-ops logs --sandbox -n 5
show env MLFLOW_OPS_UP_IDLE_STOP=2h mlflow-ops config up --sandbox
begin 5 mlflow-ops completion bash

printf '\nThe objects that the runs left in the bucket:\n'
AWS_SHARED_CREDENTIALS_FILE="$MLFLOW_OPS_HOME/sandbox/mlflow/aws/credentials" \
AWS_CONFIG_FILE="$MLFLOW_OPS_HOME/sandbox/mlflow/aws/config" \
AWS_PROFILE=mlflow-ops-mlflow-us-east-1 \
python - <<'PYTHON'
import boto3

s3 = boto3.client("s3")
for bucket in s3.list_buckets()["Buckets"]:
    found = s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", [])
    for each in found[:10]:
        print(f"  {each['Size']:>8}  s3://{bucket['Name']}/{each['Key']}")
    print(f"  {len(found)} in all")
PYTHON

show mlflow-ops backup --sandbox before-the-end
show mlflow-ops down --sandbox --keep-data --yes
show mlflow-ops up --sandbox --yes
show mlflow-ops backups --sandbox
show mlflow-ops down --sandbox --dry-run
show mlflow-ops down --sandbox --yes

printf '\nAnd with no cloud at all, a plain server on this machine:\n'
show mlflow-ops up --local --yes
show mlflow-ops check --local
show mlflow-ops runs --local
show mlflow-ops down --local --yes
