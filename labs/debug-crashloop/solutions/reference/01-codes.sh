kubectl get pods
kubectl describe pod ant
kubectl logs ant
kubectl get pods -o custom-columns='NAME:.metadata.name,CODE:.status.containerStatuses[0].lastState.terminated.exitCode,REASON:.status.containerStatuses[0].lastState.terminated.reason'
podlab answer completed a
podlab answer never-ran d
podlab answer killed e
