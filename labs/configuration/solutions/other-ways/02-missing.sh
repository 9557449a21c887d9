podlab answer which-word createcontainerconfigerror
cat > queue.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: queue
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    env:
    - name: MAX_JOBS
      valueFrom:
        configMapKeyRef:
          name: limits
          key: max_jobs
END
kubectl replace --force --grace-period=0 -f queue.yaml
kubectl create configmap layout
