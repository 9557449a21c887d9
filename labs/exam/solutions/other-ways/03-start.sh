# What is missing first, and the image by a patch.
kubectl create configmap mill --from-literal=grain=wheat --from-literal=flour=spelt -o yaml --dry-run=client > mill.yaml
kubectl replace -f mill.yaml
kubectl patch pod mill -p '{"spec": {"containers": [{"name": "app", "image": "podlab.dev/toolbox:v1"}]}}'
kubectl wait --for=condition=Ready pod/mill --timeout=60s
