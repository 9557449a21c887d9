kubectl label namespace "$(kubectl config view --minify -o jsonpath='{..namespace}')" pod-security.kubernetes.io/enforce=restricted
kubectl create deployment careless --image=podlab.dev/toolbox:v1
podlab answer which-refused a
