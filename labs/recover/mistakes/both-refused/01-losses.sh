kubectl exec lone -- kill 1
kubectl wait --for=jsonpath='{.status.containerStatuses[0].restartCount}'=1 pod/lone --timeout=60s
podlab answer changed c
kubectl drain "$(kubectl get pod lone -o jsonpath='{.spec.nodeName}')" --pod-selector='app in (lone, desk)' --dry-run=client
podlab answer refused c
kubectl wait --for=condition=Ready pod/lone --timeout=60s
kubectl delete pod lone --now
kubectl delete pod -l app=desk --now
kubectl get pods
