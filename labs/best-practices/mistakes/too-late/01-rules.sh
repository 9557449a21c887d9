kubectl create deployment careless --image=podlab.dev/toolbox:v1
kubectl rollout status deployment/careless --timeout=30s
kubectl label namespace "$(kubectl config view --minify -o jsonpath='{..namespace}')" pod-security.kubernetes.io/enforce=restricted
podlab answer which-refused c
