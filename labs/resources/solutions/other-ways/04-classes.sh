kubectl run loose --image=podlab.dev/toolbox:v1
kubectl apply -f - <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: elastic
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    resources:
      requests:
        cpu: 10m
      limits:
        memory: 64Mi
END
kubectl apply -f - <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: firm
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    resources:
      requests:
        cpu: 100m
        memory: 32Mi
      limits:
        cpu: 100m
        memory: 32Mi
END
podlab answer first loose
