kubectl apply -f - <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: loose
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    resources:
      requests:
        cpu: 1m
END
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
        memory: 32Mi
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
      limits:
        cpu: 100m
        memory: 64Mi
END
kubectl wait --for=condition=Ready pod/loose pod/elastic pod/firm --timeout=60s
podlab answer first a
