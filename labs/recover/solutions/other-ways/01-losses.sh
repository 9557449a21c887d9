# The desk first, and the container by another signal.
kubectl delete "$(kubectl get pods -l app=desk -o name)" --now
podlab answer changed "the container"
podlab answer refused lone
kubectl exec lone -- sh -c 'kill -INT 1'
kubectl wait --for=jsonpath='{.status.containerStatuses[0].restartCount}'=1 pod/lone --timeout=60s
kubectl wait --for=condition=Ready pod/lone --timeout=60s
kubectl delete -f lone.yaml --now
