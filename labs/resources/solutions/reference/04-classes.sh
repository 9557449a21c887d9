kubectl apply -f - <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: loose
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
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
kubectl get pods -o custom-columns=NAME:.metadata.name,CLASS:.status.qosClass
kubectl exec loose -- cat /proc/1/oom_score_adj
kubectl exec elastic -- cat /proc/1/oom_score_adj
kubectl exec firm -- cat /proc/1/oom_score_adj
podlab answer first a
