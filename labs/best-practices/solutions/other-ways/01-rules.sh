kubectl label namespace "$(kubectl config view --minify -o jsonpath='{..namespace}')" pod-security.kubernetes.io/enforce=restricted
kubectl create deployment web --image=podlab.dev/toolbox:v1 --replicas=2
podlab answer which-refused "the pod"
