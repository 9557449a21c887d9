kubectl delete pod asker --now
kubectl run asker --image=podlab.dev/toolbox:v1 --overrides='{"spec": {"containers": [{"name": "app", "image": "podlab.dev/toolbox:v1", "command": ["sh", "-c", "echo found kube-dns.kube-system; exec serve"]}]}}'
podlab answer short b
