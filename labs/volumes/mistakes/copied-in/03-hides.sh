kubectl delete pod desk --now
kubectl run desk --image=podlab.dev/toolbox:v1 --overrides='{"spec": {"containers": [{"name": "app", "image": "podlab.dev/toolbox:v1"}]}}'
kubectl wait --for=condition=Ready pod/desk --timeout=60s
kubectl exec desk -- sh -c 'printf "#!/bin/sh\\necho good day\\n" > /bin/greet; chmod +x /bin/greet'
