kubectl get pods
kubectl logs deployment/front --tail=3
kubectl exec deployment/front -- wget -q -T 2 -O - http://search/ || true
kubectl exec deployment/front -- nslookup kubernetes.default.svc.cluster.local.
podlab answer front-why d
kubectl expose --help
kubectl expose deployment search --port=80 --target-port=8080
