podlab answer reason Evicted
cat > cache.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: cache
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    args: ["hog", "--memory", "100Mi"]
    resources:
      limits:
        memory: 128Mi
END
kubectl delete pod cache --now
kubectl apply -f cache.yaml
