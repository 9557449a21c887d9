# Another right answer: the Pod is made by a pipe, with a container of another name.
kubectl run hello --image=podlab.dev/toolbox:v1 --dry-run=client -o yaml > hello.yaml
kubectl create -f hello.yaml
kubectl wait --for=condition=Ready pod/hello --timeout=60s
