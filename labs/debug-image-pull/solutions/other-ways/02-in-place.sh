# One is patched, the other one applied as it should be.
kubectl patch pod elm -p '{"spec": {"containers": [{"name": "app", "image": "podlab.dev/toolbox:v1"}]}}'
kubectl apply -f oak.yaml
