#!/bin/sh
# Waits until a release's Job is over, and exits as `migration-monitor wait` did in it: 0 succeeded, 10 rolled back,
# 11 rollback failed, 12 inconclusive, 13 cancelled, 2 refused; 1 when the Job ended without a verdict.
#
#   deploy/kubernetes/release/verdict.sh migration-monitor-release-add-contact-email
#
# `kubectl wait` waits for one condition of the two: for `complete` it does not return when the Job has failed, which
# is what a rollback makes of it. This asks for both, outlives an API server that is away, and does not wait for a
# Job that is not there. The Job's own activeDeadlineSeconds ends it in any case.
set -eu
job=${1:?the name of the Job}
namespace=${NAMESPACE:-migration-monitor}
interval=${INTERVAL:-30}

ask() { kubectl --namespace "$namespace" --request-timeout=20s "$@"; }

conditions='{.kind}{range .status.conditions[?(@.status=="True")]} {.type}{end}'
while :; do
  if found=$(ask get job "$job" --ignore-not-found --output "jsonpath=$conditions"); then
    case "$found " in
      " ") echo "there is no Job $job in the namespace $namespace" >&2 && exit 1 ;;
      *" Complete "* | *" Failed "*) break ;;
    esac
  fi
  sleep "$interval"
done

# What the last pod said, and how its two containers ended: `watch`, which registers, and `wait`.
codes='{.status.initContainerStatuses[0].state.terminated.exitCode} {.status.containerStatuses[0].state.terminated.exitCode}'
pod=$(ask get pods --selector "batch.kubernetes.io/job-name=$job" --sort-by .metadata.creationTimestamp \
  --output name | tail -n 1)
if [ -n "$pod" ]; then
  ask logs "$pod" --all-containers >&2 || true
  for code in $(ask get "$pod" --output "jsonpath=$codes"); do
    [ "$code" -eq 0 ] || exit "$code"
  done
fi
case "$found " in *" Complete "*) exit 0 ;; esac
ask get job "$job" --output 'jsonpath={range .status.conditions[?(@.type=="Failed")]}{.reason}: {.message}{"\n"}{end}' >&2
exit 1
